import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HeldLines } from '../src/pipeline/held-lines.ts'
import { unpackLine } from '../src/pipeline/packed-line.ts'

const MARKED = '\u0001'.concat('0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331', '01')

test('each line is one to the thread, whatever it holds', () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom('', '\n', '\r\n', '{"level":30}\n', 'a\nb\n', 'a\nb', '\n\n', 'né\n'),
  )
  const line = fc.tuple(fc.constantFrom('', MARKED), text)
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
      const held = new HeldLines()
      for (const [span, text] of lines) held.add(span + text)
      const chunks: string[] = []
      let count = 0
      held.pass((chunk) => {
        chunks.push(chunk.bytes.toString())
        count += chunk.lines
        return true
      })
      const taken = chunks.join('').split('\n').slice(0, -1)
      expect(count).toBe(lines.length)
      expect(taken).toHaveLength(lines.length)
      lines.forEach(([span, text], i) => {
        const { line } = unpackLine(taken[i] as string)
        expect([text, text.replace(/\n$/, '')]).toContain(line)
        expect(taken[i]?.startsWith(span)).toBe(true)
      })
      expect(held).toMatchObject({ lines: 0, length: 0 })
    }),
  )
})

test('what is not taken waits, and more behind it', () => {
  const held = new HeldLines()
  held.add('first\n')
  held.pass(() => false)
  held.add('second\n')
  expect(held).toMatchObject({ lines: 2, length: 13 })
  const taken: string[] = []
  held.pass(({ bytes }) => taken.push(bytes.toString()) > 0)
  expect(taken).toEqual(['first\n', 'second\n'])
})
