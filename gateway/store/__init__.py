"""What every store module uses: the pool and its codecs, loading named queries, migrations. No SQL of a capability."""
