"""Hands the commands about pipelines over: opens what each needs, and nothing for those that only read files."""

from __future__ import annotations

import argparse
import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from app.bootstrap.pipelines import PipelineServices, library_of, open_pipelines, planner
from app.cli.console import Console
from app.cli.documents import (
    add_documents,
    list_documents,
    refresh_documents,
    remove_documents,
    search_documents,
)
from app.cli.pipelines import check_pipelines, graph_pipeline, list_pipelines, show_pipeline
from app.cli.pipelines_run import RunRequest, run_pipeline
from app.contracts.errors import TurnCancelledError
from app.settings.paths import Paths


def pipelines(options: argparse.Namespace, console: Console) -> int:
    """``sotto pipelines …``; returns the exit code."""
    paths, extra = Paths.default(), _extra(options)
    if options.action == "run":
        request = RunRequest(
            pipeline_id=options.id,
            words=options.text,
            audio=options.audio,
            microphone=options.microphone,
            settings=options.settings,
            context=options.context,
            save=options.save,
            as_json=options.json,
        )
        return run_pipeline(lambda: open_pipelines(paths, extra_files=extra), console, request)
    library = library_of(paths, extra)
    match options.action:
        case "list":
            return list_pipelines(console, library, as_json=options.json)
        case "graph":
            return graph_pipeline(console, library, options.id, form=options.format)
        case "show":
            return show_pipeline(console, library, options.id, as_json=options.json, planner=planner())
        case _:
            return check_pipelines(console, library, options.what, as_json=options.json, planner=planner())


def documents(options: argparse.Namespace, console: Console) -> int:
    """``sotto documents …``; returns the exit code."""
    opened = open_pipelines(Paths.default(), extra_files=_extra(options))
    try:
        return asyncio.run(_documents(options, console, opened))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return TurnCancelledError.exit_code


def serve(options: argparse.Namespace, console: Console) -> int:
    """``sotto serve``; returns the exit code."""
    from app.cli.serve import ServeRequest
    from app.cli.serve import serve as serve_pipelines

    paths = Paths.default()
    request = ServeRequest(
        host=options.host,
        port=options.port,
        data_dir=paths.data_dir,
        no_token=options.no_token,
        tls_cert=options.tls_cert,
        tls_key=options.tls_key,
        metrics_port=options.metrics_port,
        otlp=options.otlp,
        as_json=options.json,
        grace_s=options.grace,
        notebook=paths.notebook,
    )
    return serve_pipelines(lambda: open_pipelines(paths, extra_files=_extra(options), lasting=True), console, request)


async def _documents(
    options: argparse.Namespace, console: Console, opened: AbstractAsyncContextManager[PipelineServices]
) -> int:
    async with opened as services:
        index, as_json = services.documents, options.json
        match options.action:
            case "add":
                return await add_documents(
                    console, index, options.folder, options.name, vectors=options.vectors, as_json=as_json
                )
            case "list":
                return await list_documents(console, index, as_json=as_json)
            case "refresh":
                return await refresh_documents(console, index, options.name, vectors=options.vectors, as_json=as_json)
            case "remove":
                return await remove_documents(console, index, options.name, as_json=as_json)
            case _:
                words = " ".join(options.words)
                return await search_documents(
                    console, index, words, limit=options.limit, name=options.name, as_json=as_json
                )


def _extra(options: argparse.Namespace) -> tuple[Path, ...]:
    return () if options.pipelines is None else (options.pipelines,)
