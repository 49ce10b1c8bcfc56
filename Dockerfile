# The image of ranktide, in two stages: node-rdkafka is compiled where there is a compiler, and only what runs is kept.
#   docker build -t ranktide:0.1.0 .
#   docker run --rm -v ./ranktide.yaml:/app/ranktide.yaml:ro ranktide:0.1.0 doctor

FROM node:20.20.2-bookworm-slim AS build
# Versions are those of the pinned base's Debian release. libzstd: topics may be compressed with it.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
    build-essential python3 libcurl4-openssl-dev libsasl2-dev libssl-dev libzstd-dev zlib1g-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
# The headers of this Node are in its image: without this node-gyp downloads them.
ENV npm_config_nodedir=/usr/local
# Apart from the sources, so that a change in them does not compile node-rdkafka again.
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY pipelines pipelines
COPY scripts scripts
COPY examples examples
# zapatos names TypeScript as its peer, for types alone; npm keeps it for that, even with --omit=peer, since the build needs
# it too. Source maps are read by debuggers.
RUN npm run build \
 && npm prune --omit=dev \
 && rm -rf node_modules/typescript node_modules/@typescript node_modules/@types \
 && find node_modules -type f -name '*.map' -delete
# So that `ranktide status` can be typed in a container, too: by kubectl exec, or docker exec.
RUN mkdir bin && ln -s ../dist/src/main.js bin/ranktide && chmod 755 dist/src/main.js
# Of its 550 MB node-rdkafka needs three libraries and its JavaScript; the debug symbols are most of the libraries.
WORKDIR /app/node_modules/node-rdkafka
RUN rm -rf deps src build/Release/.deps build/Release/obj.target \
 && find build/deps -mindepth 1 ! -name 'librdkafka*.so.1' -delete \
 && strip --strip-unneeded build/deps/librdkafka.so.1 build/deps/librdkafka++.so.1 build/Release/node-librdkafka.node

FROM node:20.20.2-bookworm-slim
LABEL org.opencontainers.image.title="ranktide" \
      org.opencontainers.image.description="Live, exact Top-N boards (hot lists) from the row changes of a SQL table, kept in Redis" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT"
# What librdkafka is linked against beside the base's own libraries, and the certificates that TLS is checked by.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates libcurl4 libsasl2-2 libssl3 libzstd1 zlib1g \
 && rm -rf /var/lib/apt/lists/*
# Each feed, counter and the history keeps one of libuv's threads waiting for Kafka; by default there are four, and with all
# of them waiting no name is looked up. Enough for twelve, with four to spare; idle threads cost next to nothing.
ENV NODE_ENV=production UV_THREADPOOL_SIZE=16 PATH=/app/bin:$PATH
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist/src dist/src
COPY --from=build /app/dist/pipelines dist/pipelines
COPY --from=build /app/bin bin
# The base's user `node`, as a number: Kubernetes can tell that it is not root. Nothing is written to the disk but what a
# command is told to write (init --output, offsets export, replay --checkpoint).
USER 1000:1000
EXPOSE 8081
# Alive, not ready: who waits for a database must not be restarted for it. HTTP_PORT is what the examples call http.port.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.HTTP_PORT || 8081}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Drains and gives its lease back; at most 9 s.
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "dist/src/main.js"]
CMD ["run"]
