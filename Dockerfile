# The book, the exercises and JupyterLab:
#
#     docker build --tag gradstop . && docker run --rm --publish 8888:8888 gradstop
#
# Your work lies in /course/work: keep it with --volume "$PWD/work:/course/work". For the smaller CPU build of torch give the
# address of its package index, from the install selector on pytorch.org: --build-arg PIP_OPTIONS="--extra-index-url ADDRESS".
#
# To grade in it: docker run --rm --privileged --volume "$PWD:/course" gradstop gradstop grade 03-detach
# The sandbox makes namespaces and mounts, which an ordinary container may not; gradstop doctor says what is missing.
FROM python:3.11-slim
RUN apt-get update && apt-get install --yes --no-install-recommends git make && rm -rf /var/lib/apt/lists/*
WORKDIR /course
# Outside of the folder, or a clone that is mounted over it would hide it.
ENV VENV=/opt/venv PATH="/opt/venv/bin:$PATH"
ARG PIP_OPTIONS=""
COPY requirements.txt pyproject.toml Makefile ./
COPY gradstop gradstop
COPY docs/package.md docs/package.md
RUN make setup PIP_OPTIONS="$PIP_OPTIONS"
COPY . .
EXPOSE 8888
CMD ["make", "lab", "LAB_OPTIONS=--no-browser --ip=0.0.0.0 --allow-root"]
