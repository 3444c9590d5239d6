"""The person's own documents: finds passages, and hands questions about them to the pipeline that cites."""
