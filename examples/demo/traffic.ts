// The shop's customers.

/** Sends `count` orders, `atOnce` of them at a time. @returns the number of answers by status. */
export async function sendOrders(url: string, count: number, atOnce: number): Promise<ReadonlyMap<number, number>> {
  const answers = new Map<number, number>()
  let number = 0
  async function customer(): Promise<void> {
    while (number < count) {
      const order = { number: ++number, item: number % 3 === 0 ? 'teapot' : 'cup', amount: 5 + (number % 40) }
      const { status } = await fetch(url, { method: 'POST', body: JSON.stringify(order) })
      answers.set(status, (answers.get(status) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, customer))
  return answers
}
