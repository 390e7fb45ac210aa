# docker build --tag idemlint .
# docker run --rm --volume "$PWD:/work:ro" idemlint check openapi.yaml
# docker run --rm --volume "$PWD:/work:ro" --publish 4010:4010 idemlint mock openapi.yaml --host 0.0.0.0
FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY idemlint idemlint
COPY rules rules
RUN python -m venv /opt/idemlint && /opt/idemlint/bin/pip install --no-cache-dir .

FROM python:3.13-slim
COPY --from=build /opt/idemlint /opt/idemlint
# a number, so that Kubernetes can tell that it is not root
USER 65532:65532
WORKDIR /work
EXPOSE 4010
# SIGINT ends the mock as Ctrl-C does
STOPSIGNAL SIGINT
ENTRYPOINT ["/opt/idemlint/bin/idemlint"]
CMD ["--help"]
