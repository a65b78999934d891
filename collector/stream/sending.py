"""What goes over the wire: a group as one atomic batch, a lone parcel as an ordinary publish, and a question without a body."""

from collections.abc import Sequence

from collector.stream.connection import Connection
from collector.stream.parcel import Parcel
from collector.stream.questions import NO_SUCH_ID
from contracts.jetstream import MESSAGE_ID


async def send_group(client: Connection, group: Sequence[Parcel], *, name: str, reply: str) -> None:
    """Publish *group* so that JetStream stores all of it or nothing (ADR-50), and answers to *reply*."""
    *others, last = group
    for parcel in group:
        parcel.is_sent = True
    if not others:
        await client.publish(last.subject, last.body, reply=reply, headers={MESSAGE_ID: last.message_id})
        return
    for number, parcel in enumerate(others, start=1):
        headers = {MESSAGE_ID: parcel.message_id, "Nats-Batch-Id": name, "Nats-Batch-Sequence": str(number)}
        await client.publish(parcel.subject, parcel.body, headers=headers)
    headers = {MESSAGE_ID: last.message_id, "Nats-Batch-Id": name, "Nats-Batch-Sequence": str(len(group))}
    await client.publish(last.subject, last.body, reply=reply, headers=headers | {"Nats-Batch-Commit": "1"})


async def send_question(client: Connection, parcel: Parcel, *, reply: str) -> None:
    """Have JetStream answer to *reply* whether it has *parcel*: "duplicate", or that its last message is another."""
    headers = {MESSAGE_ID: parcel.message_id, "Nats-Expected-Last-Msg-Id": NO_SUCH_ID}
    await client.publish(parcel.subject, reply=reply, headers=headers)
