// A LogRecordExporter that leaves all work to the pool.

export class PoolExporter {
  exports = 0
  /** Exports that have not been answered yet: the pool's threads take their time to start. */
  underWay = 0
  #pool
  #carrier

  /** @param carrier makes what a job takes along of the place that starts it. */
  constructor(pool, carrier) {
    this.#pool = pool
    this.#carrier = carrier
  }

  export(records, callback) {
    this.exports++
    this.underWay++
    const answer = (result) => {
      this.underWay--
      callback(result)
    }
    this.#pool.run({ job: 'send', records: records.map(plain), carrier: this.#carrier() }).then(
      () => answer({ code: 0 }),
      (error) => answer({ code: 1, error }),
    )
  }

  async forceFlush() {}

  async shutdown() {}
}

/** What crosses to a thread. */
function plain({ hrTime, severityNumber, severityText, body, attributes, spanContext, instrumentationScope }) {
  const { traceId, spanId } = spanContext ?? {}
  return { hrTime, severityNumber, severityText, body, attributes, traceId, spanId, scope: instrumentationScope.name }
}
