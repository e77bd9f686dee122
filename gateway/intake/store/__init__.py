"""The SQL of `gateway.intake`: each module has its named queries beside it. Opens no transaction of its own."""
