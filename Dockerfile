# SaqBol alone, for any machine: one static file, no shell, not root, nothing to
# write into but two volumes. How to run it stands in docs/operations.md, "In a
# container".
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# The folder's .git stays outside: `make image` says what is built.
ARG VERSION=unknown
ARG COMMIT=unknown
ARG DATE=
RUN make build VERSION="$VERSION" COMMIT="$COMMIT" DATE="$DATE" \
 && install -d -m 0700 /empty

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /src/bin/saqbol /saqbol
COPY --from=build --chown=65532:65532 /empty /data
COPY --from=build --chown=65532:65532 /empty /key
USER 65532:65532
ENV DATABASE_URL=sqlite:/data/saqbol.db
# Where the first start makes saqbol.key, apart from the data.
WORKDIR /key
VOLUME ["/data", "/key"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["/saqbol", "doctor", "--ready"]
ENTRYPOINT ["/saqbol"]
CMD ["run"]
