# glibc is needed by the embedded PostgreSQL, so: Debian, not Alpine.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY sdk/package.json sdk/
RUN npm ci --ignore-scripts
COPY dashboard-ui/package.json dashboard-ui/package-lock.json dashboard-ui/
RUN cd dashboard-ui && npm ci --ignore-scripts
COPY . .
# The packages are there already; this builds SDK, server and dashboard.
RUN node deploy/build.mjs \
 && npm prune --omit=dev --ignore-scripts \
 # The image has its own Node.
 && rm -rf node_modules/node-linux-* node_modules/.bin/node node_modules/@iron-cage

FROM ${NODE_IMAGE}
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 IRON_CAGE_DATA_DIR=/data
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=build /app/dashboard-ui/dist dashboard-ui/dist
COPY --from=build /app/LICENSE ./
RUN mkdir /data && chown node:node /data \
 && printf '#!/bin/sh\nexec node --no-warnings /app/dist/src/cli/main.js "$@"\n' > /usr/local/bin/iron-cage \
 && chmod 755 /usr/local/bin/iron-cage \
 # Packages come without symbolic links; the server makes them at its start, but may not write here.
 && node -e "import('/app/dist/src/platform/database/embedded/native.js').then((native) => native.nativeFolder())"
USER node
VOLUME /data
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# The flags of deploy/server-flags.mjs, which says why.
CMD ["node", "--max-semi-space-size=16", "--enable-source-maps", "dist/src/main.js"]
