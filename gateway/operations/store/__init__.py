"""The SQL of `gateway.operations`: each module has its named queries beside it. Opens no transaction of its own."""
