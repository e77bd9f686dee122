"""The SQL of `gateway.desk`: each module has its named queries beside it. Opens no transaction of its own."""
