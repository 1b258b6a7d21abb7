# One image, two stages: the wheel is built in the first, only what it needs is in the second.
FROM python:3.13-slim AS build
WORKDIR /src
COPY . .
RUN pip wheel --no-cache-dir --wheel-dir /wheels .

FROM python:3.13-slim
LABEL org.opencontainers.image.title="paper-newsletter" \
      org.opencontainers.image.description="A self-hosted email newsletter of new scientific papers" \
      org.opencontainers.image.licenses="MIT"
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links=/wheels paper-newsletter \
    && useradd --system --uid 1000 --home-dir /data newsletter \
    && install -d -o newsletter -g newsletter /data
# Settings and database live in one volume; the command looks for ./subscribers.yaml.
WORKDIR /data
VOLUME /data
USER newsletter
STOPSIGNAL SIGTERM
# `serve` gives a sign of life each minute; other commands end by themselves.
HEALTHCHECK --interval=1m --timeout=20s --start-period=30s --retries=3 CMD ["newsletter", "health"]
ENTRYPOINT ["newsletter"]
CMD ["serve"]
