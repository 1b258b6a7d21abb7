"""A self-hosted email newsletter of new scientific papers.

The pipeline, in its order (a directory sorts alphabetically, this does not):

    once per edition                                  once per subscriber
    sources ─► collect ─► dedupe ─► embed ─► match ─► cluster ─► match ─► compose ─► render ─► deliver
                                             gate     topics     reasons  issue      email     outbox, SMTP

`pipeline` is the one module that knows them all; `cli` and `schedule` call it; `store` keeps what it made.
"""

__version__ = "0.1.0"
