"""The wire types of the API: what a request may hold and what an answer holds."""

from datetime import datetime
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from gateway.desk.cards import CaseCard, ConversationCard, Entry
from gateway.desk.inbox import LONGEST_TEXT
from gateway.domain.cases import CaseStatus, Severity
from gateway.domain.channel import Channel
from gateway.domain.language import Language, Spoken
from gateway.domain.outbox import Status
from gateway.knowledge.cards import ArticleCard, Draft, DraftText
from gateway.operations.cards import DeliveryCard
from gateway.people.cards import ContactCard
from routing.reasons import say

Wire = TypeVar("Wire", bound=BaseModel)
Id = Annotated[int, Field(ge=1, lt=2**62)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class Given(BaseModel):
    """Something a client sends: unknown fields are refused, so that a typing error is noticed."""

    model_config = ConfigDict(extra="forbid")


class Many(BaseModel, Generic[Wire]):
    """A page of a list; `next` is the `cursor` of the following page, null at the end."""

    items: list[Wire]
    next: str | None


class Address(BaseModel):
    """Where to reach a contact. `consent` is opted_out while any opt-out is in force; `opted_out_of` names them."""

    address: str
    verified: bool
    consent: Literal["opted_in", "opted_out", "none"]
    opted_out_of: list[str]


class Contact(BaseModel):
    """A person."""

    id: int
    name: str
    language: str | None
    addresses: list[Address]
    conversation_id: int

    @classmethod
    def of(cls, card: ContactCard) -> "Contact":
        """Write a contact for the wire."""
        return cls(
            id=card.contact_id,
            name=card.name,
            language=card.language,
            conversation_id=card.conversation_id,
            addresses=[
                Address(
                    address=each.uri,
                    verified=each.proven,
                    consent="opted_out" if each.opted_out else "opted_in" if each.consent == "opted_in" else "none",
                    opted_out_of=sorted(each.opted_out),
                )
                for each in card.addresses
            ],
        )


class Conversation(BaseModel):
    """The one thread of a contact; the case fields are those of its newest case."""

    id: int
    contact_id: int
    name: str
    address: str
    verified: bool
    language: str | None
    channel: Channel | None
    preview: str
    last_activity_at: datetime
    case_number: str | None
    case_status: CaseStatus | None
    assignee: str | None

    @classmethod
    def of(cls, card: ConversationCard) -> "Conversation":
        """Write a conversation for the wire."""
        return cls(
            id=card.conversation_id,
            contact_id=card.contact_id,
            name=card.name,
            address=card.address,
            verified=card.proven,
            language=card.language,
            channel=Channel(card.channel) if card.channel else None,
            preview=card.preview,
            last_activity_at=card.last_activity_at,
            case_number=card.case_number,
            case_status=card.case_status,
            assignee=card.assignee,
        )


class Delivery(BaseModel):
    """How far an outbound message got; `reason` says why it went no further."""

    status: Status
    reason: str | None
    attempts: int
    channel: Channel


class Decision(BaseModel):
    """What routing decided about an inbound message, or behind an automatic one, in words and as a stable code."""

    action: str
    reason: str
    code: str
    rule: int


class Attachment(BaseModel):
    """A file that came with a message."""

    id: int
    filename: str
    media_type: str
    size_bytes: int | None
    state: Literal["waiting", "stored", "failed"]


class Message(BaseModel):
    """One thing said, or an internal note. `channel` is null for notes; `automatic` marks what the gateway answered."""

    id: int
    direction: Literal["inbound", "outbound", "note"]
    channel: Channel | None
    author: str
    text: str
    subject: str | None
    created_at: datetime
    provider_id: str | None
    automatic: bool
    verification: str | None
    delivery: Delivery | None
    decision: Decision | None
    attachments: list[Attachment]

    @classmethod
    def of(cls, entry: Entry, language: Language) -> "Message":
        """Write a message for the wire, its reasons in this language."""
        sent, decided = entry.delivery, entry.decision
        return cls(
            id=entry.message_id,
            direction=entry.direction,  # type: ignore[arg-type]  # checked by the database and again by pydantic
            channel=Channel(entry.channel) if entry.direction != "note" else None,
            author=entry.author,
            text=entry.text,
            subject=entry.subject,
            created_at=entry.created_at,
            provider_id=entry.provider_id,
            automatic=entry.is_automatic,
            verification=entry.verification,
            delivery=Delivery(
                status=sent.status, reason=sent.reason, attempts=sent.attempts, channel=Channel(sent.channel)
            )
            if sent
            else None,
            decision=Decision(
                action=decided.action,
                reason=say(decided.reason, language),
                code=decided.reason.code,
                rule=decided.rule,
            )
            if decided
            else None,
            attachments=[
                Attachment(
                    id=each.attachment_id,
                    filename=each.filename,
                    media_type=each.media_type,
                    size_bytes=each.size_bytes,
                    state=each.state,  # type: ignore[arg-type]  # as above
                )
                for each in entry.attachments
            ],
        )


class NewMessage(Given):
    """A message to send. Without a channel it goes the way the person wrote last; `purpose` chooses the lane."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT)]
    channel: Channel | None = None
    purpose: Literal["reply", "notice", "survey", "marketing"] = "reply"


class Accepted(BaseModel):
    """The id of what is now in the outbox."""

    id: int


class Case(BaseModel):
    """A service call that needs a person."""

    id: int
    number: str
    conversation_id: int
    topic: str
    severity: Literal["critical", "high", "normal", "low"]
    status: CaseStatus
    queue: str
    assignee: str | None
    assignee_name: str | None
    opened_at: datetime
    answer_due_at: datetime | None
    answered_at: datetime | None
    resolved_at: datetime | None

    @classmethod
    def of(cls, card: CaseCard) -> "Case":
        """Write a case for the wire."""
        return cls(
            id=card.case_id,
            number=card.number,
            conversation_id=card.conversation_id,
            topic=card.topic,
            severity=Severity(card.severity).name.lower(),  # type: ignore[arg-type]  # the four names of Severity
            status=card.status,
            queue=card.queue,
            assignee=card.assignee,
            assignee_name=card.assignee_name,
            opened_at=card.opened_at,
            answer_due_at=card.answer_due_at,
            answered_at=card.answered_at,
            resolved_at=card.resolved_at,
        )


class CaseChange(Given):
    """What to change; `assignee` is an agent's email, or null to give the case back to its queue."""

    status: CaseStatus | None = None
    assignee: Line | None = None


class MergeRequest(Given):
    """The contact that is the same person and shall become part of the one in the path."""

    contact_id: Id


class ProofRequest(Given):
    """The address the contact claims, such as `mailto:dana@example.com`; a code goes there."""

    address: Line


class ProofConfirmation(Given):
    """The contact that claimed the address, and the code that was sent to it."""

    contact_id: Id
    code: Line


class OneDelivery(BaseModel):
    """One delivery, as operations see it."""

    id: int
    message_id: int
    conversation_id: int
    channel: Channel
    endpoint: str
    address: str
    lane: Literal["reply", "transactional", "bulk"]
    purpose: str
    status: Status
    attempts: int
    reason: str | None
    error_code: str | None
    provider_id: str | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, card: DeliveryCard) -> "OneDelivery":
        """Write a delivery for the wire."""
        return cls(
            id=card.delivery_id,
            message_id=card.message_id,
            conversation_id=card.conversation_id,
            channel=Channel(card.channel),
            endpoint=card.endpoint,
            address=card.address,
            lane=("reply", "transactional", "bulk")[card.lane],
            purpose=card.purpose,
            status=card.status,
            attempts=card.attempts,
            reason=card.reason,
            error_code=card.error_code,
            provider_id=card.provider_id,
            created_at=card.created_at,
            updated_at=card.updated_at,
        )


class ArticleText(Given):
    """An article in one language: its title, the answer, and ways people ask for it."""

    language: Spoken
    title: Line
    answer: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TEXT)]
    variants: Annotated[list[Line], Field(max_length=300)] = []


class NewArticle(Given):
    """An article to store; `key` is its stable name, lower-case with hyphens."""

    key: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,99}$")]
    category: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)] = ""
    published: bool = True
    texts: Annotated[list[ArticleText], Field(min_length=1, max_length=2)]

    @field_validator("texts")
    @classmethod
    def _one_per_language(cls, texts: list[ArticleText]) -> list[ArticleText]:
        if len({each.language for each in texts}) < len(texts):
            raise ValueError("give one text for each language")
        return texts

    def draft(self) -> Draft:
        """Read an article off the wire."""
        return Draft(
            key=self.key,
            category=self.category,
            published=self.published,
            texts=tuple(
                DraftText(language=each.language, title=each.title, answer=each.answer, variants=tuple(each.variants))
                for each in self.texts
            ),
        )


class Article(NewArticle):
    """An article as stored."""

    id: int
    updated_at: datetime

    @classmethod
    def of(cls, card: ArticleCard) -> "Article":
        """Write an article for the wire."""
        return cls(
            id=card.article_id,
            key=card.key,
            category=card.category,
            published=card.published,
            updated_at=card.updated_at,
            texts=[
                ArticleText(
                    language=each.language,  # type: ignore[arg-type]  # checked by pydantic
                    title=each.title,
                    answer=each.answer,
                    variants=list(each.variants),
                )
                for each in card.texts
            ],
        )


class ProblemItem(BaseModel):
    """One thing that is wrong, and where."""

    at: str
    problem: str


class ProblemDocument(BaseModel):
    """Why a request was refused (RFC 9457). `type` is stable; `errors` lists what is wrong with a request's content."""

    type: str
    title: str
    status: int
    detail: str | None = None
    request_id: str
    errors: list[ProblemItem] | None = None
