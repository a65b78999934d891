"""A small ASGI application and its health, asked without a server, and what Prometheus was told meanwhile."""

import httpx
from prometheus_client import REGISTRY

from collector.asgi import App, Receive, Scope, Send, answer


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    while (message := await receive()).get("more_body"):
        pass
    if message["type"] == "http.request":
        await answer(send, 200, scope["path"].encode(), [])


async def fine() -> dict[str, str]:
    return {"nats": ""}


async def ask(app: App, path: str, method: str = "GET", *, peer: str = "127.0.0.1", **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(app, client=(peer, 4321))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return await client.request(method, path, headers=headers)


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0
