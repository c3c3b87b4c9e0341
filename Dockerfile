# The page.
FROM node:24-slim AS page
WORKDIR /src/playground
COPY playground/package.json playground/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY playground ./
RUN npm run build

# The package, and an environment with what it needs at run time and nothing else.
FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY requirements/build.txt requirements/run.txt requirements/
RUN pip install --require-hashes --no-deps --only-binary :all: -r requirements/build.txt \
    && python -m venv --without-pip /opt/gateway \
    && pip --python /opt/gateway/bin/python install --require-hashes --no-deps --only-binary :all: -r requirements/run.txt
COPY LICENSE README.md pyproject.toml ./
COPY gateway gateway
COPY --from=page /src/gateway/static gateway/static
RUN hatchling build -t wheel -d dist \
    && pip --python /opt/gateway/bin/python install --no-deps dist/*.whl

FROM python:3.13-slim
LABEL org.opencontainers.image.title="managed-tenants gateway" \
      org.opencontainers.image.description="A GraphQL gateway in front of Microsoft Graph's managedTenants API" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /opt/gateway /opt/gateway
ENV PATH=/opt/gateway/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PORT=8000
USER 65532:65532
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["python", "-c", "\
import os, http.client as http; \
live = http.HTTPConnection('127.0.0.1', int(os.environ['PORT']), timeout=2); \
live.request('GET', '/health/live'); \
raise SystemExit(live.getresponse().status != 200)"]
ENTRYPOINT ["gateway"]
CMD ["serve", "--host", "0.0.0.0"]
