# The one binary, static, on an Alpine that has wget for healthchecks. It runs as user 10001
# and writes to /blobs and /data alone.
#
#   docker build -t tenantry .
#   docker run --rm -p 8080:8080 tenantry              # embedded: SQLite, in-process Redis

FROM golang:1.26.8 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
# With .git: the commit goes into the binary, which is what `tenantry version` and the log say.
COPY . .
# SQLite is pure Go (modernc.org/sqlite), so nothing needs C.
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/gocache \
    CGO_ENABLED=0 GOCACHE=/gocache go build -trimpath -buildvcs=auto -ldflags="-s -w" -o /tenantry .

FROM alpine:3.22
# A named volume takes owner and mode of the folder that it is mounted on.
RUN adduser -D -H -u 10001 tenantry && install -d -o tenantry -g tenantry -m 0750 /data /blobs
COPY --from=build /tenantry /usr/local/bin/tenantry
USER 10001:10001
ENV HTTP_ADDR=:8080 DATA_DIR=/data LOG_FORMAT=json
WORKDIR /data
VOLUME ["/data", "/blobs"]
EXPOSE 8080
# The process is the container's first and gets SIGTERM itself, which is its sign to drain.
STOPSIGNAL SIGTERM
# No HEALTHCHECK here: a worker answers no requests. docker-compose.yml has the API's.
ENTRYPOINT ["tenantry"]
CMD ["serve"]
