"""The SQL of `gateway.outbox`: each module has its named queries beside it. Opens no transaction of its own."""
