# Builds the images from the sources, with nothing but Docker or Podman, for the architecture that the engine has:
#
#   docker build -t mock-imds .
#   docker build -t ec2-metadata-mock --target ec2-metadata-mock .
#
# What runs is what packaging/container/Containerfile says; that one is for who has the file system already.

# Debian with a Rust toolchain. Another one: --build-arg BASE=…
ARG BASE=docker.io/library/rust:1-slim-bookworm
FROM ${BASE} AS build
WORKDIR /src
COPY . .
RUN bash -euc '. scripts/lib.sh && need_build' \
    && scripts/image --root-only "$(scripts/compile)" \
    && mkdir /image /empty \
    && tar --extract --file "$(ls target/image/root*.tar)" --directory /image --exclude ./run/mock-imds --exclude ./var/lib/mock-imds \
    && rm -r target

FROM scratch AS root
COPY --from=build /image/ /
# COPY loses ownership.
COPY --from=build --chown=1000:1000 /empty /run/mock-imds
COPY --from=build --chown=1000:1000 /empty /var/lib/mock-imds
# Where the packaged service has them: /etc/mock-imds/scenario.toml, /var/lib/mock-imds, /run/mock-imds/control.sock.
ENV PATH=/usr/bin XDG_CONFIG_HOME=/etc XDG_STATE_HOME=/var/lib XDG_RUNTIME_DIR=/run
# By number: "runAsNonRoot" accepts no name.
USER 1000:1000

FROM root AS ec2-metadata-mock
ENTRYPOINT ["/ec2-metadata-mock"]

FROM root AS mock-imds
ENTRYPOINT ["/usr/bin/mock-imds"]
CMD ["serve", "--watch", "--listen", "0.0.0.0:1338"]
