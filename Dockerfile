# One context, two images:
#   docker build --build-arg CONNECTOR_NAME=source-customerio-segments -t source-customerio-segments .
#   docker build --build-arg CONNECTOR_NAME=destination-salesforce-intro -t destination-salesforce-intro .
ARG BASE_IMAGE=docker.io/airbyte/python-connector-base:4.1.1@sha256:a268b44c733ae699a60f5fbc06a324945dba98945c6e2ab7f8609f2f895b0d28

FROM ${BASE_IMAGE} AS builder
USER root
WORKDIR /build
COPY setup.py pyproject.toml README.md LICENSE ./
COPY source_customerio_segments source_customerio_segments
COPY destination_salesforce_intro destination_salesforce_intro
RUN pip install --no-cache-dir '.[s3]'

FROM ${BASE_IMAGE}
ARG CONNECTOR_NAME
USER root
COPY --from=builder /usr/local /usr/local
RUN printf '#!/bin/sh\nexec %s "$@"\n' "${CONNECTOR_NAME}" > /entrypoint.sh && chmod 755 /entrypoint.sh
USER airbyte
ENV AIRBYTE_ENTRYPOINT=/entrypoint.sh PYTHONUNBUFFERED=1
ENTRYPOINT ["/entrypoint.sh"]
