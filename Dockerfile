# syntax=docker/dockerfile:1
# Build: docker build -t offkey:0.1.0 --build-arg REVISION=$(git rev-parse HEAD) .
# Run:   docker run --read-only --tmpfs /tmp -v offkey-state:/var/lib/offkey -v ./offkey.yml:/etc/offkey/config/offkey.yml:ro \
#          -p 10955:10955 offkey:0.1.0
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/offkey
WORKDIR /source
COPY pyproject.toml README.md requirements.lock ./
COPY exporter ./exporter
# The lock pins what the tests need too; as constraints its versions hold for what the package itself wants.
RUN sed -e 's/ \\$//' -e '/^ *--hash/d' requirements.lock > /tmp/constraints.txt \
 && /opt/offkey/bin/pip install --constraint /tmp/constraints.txt hatchling \
 && /opt/offkey/bin/pip install --constraint /tmp/constraints.txt --no-build-isolation . \
 && /opt/offkey/bin/pip uninstall --yes hatchling

FROM python:3.11-slim-bookworm
ARG REVISION=unknown
LABEL org.opencontainers.image.title="offkey" \
      org.opencontainers.image.description="Anomaly scores, forecasts and self-tuned alerting rules for Prometheus" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /opt/offkey /opt/offkey
# Compiled code lies beside the state, the one writable place that outlives a container.
ENV PATH=/opt/offkey/bin:$PATH PYTHONUNBUFFERED=1 NUMBA_CACHE_DIR=/var/lib/offkey/compiled OFFKEY_REVISION=${REVISION}
RUN mkdir -p /var/lib/offkey && chown 65534:65534 /var/lib/offkey
USER 65534:65534
VOLUME /var/lib/offkey
EXPOSE 10955
ENTRYPOINT ["offkey"]
CMD ["serve", "--config.file=/etc/offkey/config/offkey.yml", "--storage.path=/var/lib/offkey/state"]
