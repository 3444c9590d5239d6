"""The calls about jobs: long runs that are begun and looked at later, also from another connection."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import grpc.aio

from app.assistant.jobs.book import JobBook, Report, Result
from app.assistant.jobs.job import KeptJob
from app.contracts.errors import InvalidInput, TurnCancelledError, Unavailable
from app.pipeline.run import Run
from app.pipeline.values import Value
from app.service import mapping
from app.service.generated.compute.v1 import compute_pb2 as pb
from app.service.generated.compute.v1.compute_pb2_grpc import ComputeServiceServicer
from app.service.limits import Admission
from app.service.refusing import refused

MOST_LISTED = 200
USUALLY_LISTED = 50
LONGEST_WAIT_S = 86_400.0


class JobCalls(ComputeServiceServicer, ABC):
    """The calls about jobs, for `app.service.servicer.ComputeService`.

    Args:
        jobs: The jobs of this person; None refuses every call.
        admission: A job that runs here holds a place like any other run.
    """

    def __init__(self, jobs: JobBook | None, admission: Admission) -> None:
        self._jobs = jobs
        self._places = admission

    async def StartJob(  # noqa: N802 - the name is the proto's
        self, request: pb.ExecutePipelineRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.Job:
        """Begin a pipeline as a job."""
        async with refused(context):
            book = self._book()
            if request.input.WhichOneof("kind") != "text":
                raise InvalidInput("A job takes text as its input.", code="no-input")
            give_back = self._places.admit(context.peer())
            try:
                given = await self.given(request)

                async def work(report: Report) -> Result:
                    report("Running.", None)
                    return await _ended(self.start(request, given))

                job = await book.start(request.pipeline_id, work, ended=lambda _job, _result: give_back())
                return job_message(job)
            except BaseException:
                give_back()
                raise

    async def ListJobs(  # noqa: N802 - the name is the proto's
        self, request: pb.ListJobsRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ListJobsResponse:
        """The newest jobs."""
        async with refused(context):
            if not 0 <= request.limit <= MOST_LISTED:
                raise InvalidInput(f"limit lies between 1 and {MOST_LISTED}.", code="bad-limit")
            found = await self._book().all(request.limit or USUALLY_LISTED)
            return pb.ListJobsResponse(jobs=[job_message(job) for job in found])

    async def GetJob(  # noqa: N802 - the name is the proto's
        self, request: pb.GetJobRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.Job:
        """One job."""
        async with refused(context):
            return job_message(await self._book().get(_id(request.job_id)))

    async def WaitJob(  # noqa: N802 - the name is the proto's
        self, request: pb.WaitJobRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.Job:
        """Wait for a job's end. A client that leaves leaves the job alone."""
        async with refused(context):
            if not 0 <= request.timeout_s <= LONGEST_WAIT_S:
                raise InvalidInput(f"timeout_s lies between 0 and {LONGEST_WAIT_S:.0f}.", code="bad-timeout")
            return job_message(await self._book().wait(_id(request.job_id), request.timeout_s or None))

    async def CancelJob(  # noqa: N802 - the name is the proto's
        self, request: pb.CancelJobRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.Job:
        """Cancel a job."""
        async with refused(context):
            return job_message(await self._book().cancel(_id(request.job_id)))

    @abstractmethod
    def start(self, request: pb.ExecutePipelineRequest, given: Value) -> Run:
        """Begin the run of a request."""

    @abstractmethod
    async def given(self, request: pb.ExecutePipelineRequest) -> Value:
        """What the run of a request works on."""

    def _book(self) -> JobBook:
        if self._jobs is None:
            raise Unavailable("This server keeps no jobs.", code="no-jobs")
        return self._jobs


def job_message(job: KeptJob) -> pb.Job:
    """A job as a message."""
    message = pb.Job()
    mapping.fill(message, job)
    return message


async def _ended(run: Run) -> Result:
    """Wait for a run; whoever cancels the job ends it."""
    try:
        result = await run.result()
    finally:
        run.cancel("The job was cancelled.")
    if result.error is not None:
        raise result.error
    if result.cancelled:
        raise TurnCancelledError("The run was cancelled.", code="cancelled")
    return Result(mapping.final_text(result))


def _id(job_id: str) -> str:
    if not job_id:
        raise InvalidInput("job_id is missing.", code="no-job-id")
    return job_id
