"""What the web process counts, for Prometheus; one registry an app, so that tests share nothing."""

from fastapi import APIRouter, Request, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    generate_latest,
)

_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)

router = APIRouter()


class Metrics:
    """Counters of one app. Outcomes: answered, repeated, empty, unavailable, limited, refused."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.messages = Counter(
            "needlepoint_messages",
            "Messages of visitors by what became of them.",
            ["outcome"],
            registry=self.registry,
        )
        self.sessions = Counter(
            "needlepoint_sessions", "Conversations begun.", registry=self.registry
        )
        self.turn_seconds = Histogram(
            "needlepoint_turn_seconds",
            "Time from a visitor's message to its answer.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.empty_replies = Counter(
            "needlepoint_empty_replies",
            "Replies of Rasa with nothing in them: a failure inside.",
            registry=self.registry,
        )
        self.store_failures = Counter(
            "needlepoint_store_failures",
            "Times that the chat database failed.",
            registry=self.registry,
        )
        self.missing_sources = Counter(
            "needlepoint_missing_sources",
            "Answers whose article or section is gone.",
            registry=self.registry,
        )
        self.inbox_lost = Counter(
            "needlepoint_inbox_lost",
            "Questions and thumbs that did not reach the inbox.",
            registry=self.registry,
        )
        self.feedback = Counter(
            "needlepoint_feedback", "Thumbs given by visitors.", ["value"], registry=self.registry
        )


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Counters in Prometheus's text format."""
    registry = request.app.state.parts.metrics.registry
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
