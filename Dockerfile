# Builds the one image that every role runs from; NATS and Postgres are containers of their own (see compose.yaml).
FROM python:3.13-slim AS build
COPY --from=ghcr.io/astral-sh/uv:0.13 /uv /usr/local/bin/uv
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_SYSTEM_CERTS=1 UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=/app/.venv
WORKDIR /src
# First what changes seldom, so that a change of ours does not fetch the dependencies again.
COPY pyproject.toml uv.lock ./
RUN uv sync --locked --no-dev --no-install-project
COPY README.md LICENSE ./
COPY contracts contracts
COPY collector collector
COPY projections projections
RUN uv sync --locked --no-dev --no-editable

FROM python:3.13-slim
LABEL org.opencontainers.image.title="Collector" \
      org.opencontainers.image.description="Self-hosted, privacy-first, event-sourced analytics" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /app/.venv /app/.venv
ENV PATH=/app/.venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 COLLECTOR_HOST=0.0.0.0
# Where compose.yaml keeps the master key: a new volume takes its owner from here.
RUN mkdir -m 700 /keys && chown 10001:10001 /keys
# A number, so that Kubernetes can see that it is not root.
USER 10001:10001
EXPOSE 8000 8001
STOPSIGNAL SIGTERM
# Only whether it runs: some orchestrators restart what is unhealthy, and ingest, restarted because NATS is away, would lose the
# day's salt. Whether work should be sent to a role is /health's to say, to a load balancer.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["collector", "healthcheck", "--live"]
ENTRYPOINT ["collector"]
CMD ["web"]
