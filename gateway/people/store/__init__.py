"""The SQL of `gateway.people`: each module has its named queries beside it. Opens no transaction of its own."""
