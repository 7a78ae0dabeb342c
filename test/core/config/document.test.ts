import { expect, test } from 'vitest'
import { formatIssue, formatPath, parseDocument } from '../../../core/config/document.ts'

const syntax = (text: string): string[] => parseDocument(text, 'g').issues.map(formatIssue)

test.each([
  [
    'password: *hunter2\n',
    'g:1:11 a * at the beginning of a text refers to an &anchor, and there is none by that name: put the text in quotes',
  ],
  ['a: "x\nb: 3', 'g:1:4 not valid YAML: the quote that is opened here is not closed'],
  ['\ta: 1', 'g:1:1 not valid YAML: a tab can not indent: use spaces'],
  ['a: b: c', 'g:1:4 not valid YAML: there is a second `key:` on this line: put texts that hold a colon and a blank in quotes'],
  ['- 1', 'g:1:1 the file must consist of `key: value` lines'],
  ['a: !x 3', 'g:1:4 not valid YAML: a text that begins with ! must be in quotes'],
  ['a: @x\n', 'g:1:4 not valid YAML: a text can not begin with this character: put it in quotes'],
  ['a: 1\n---\nb: 2', 'g:2:1 not valid YAML: one file holds one document: remove the second ---'],
  ['a: "\\q"', 'g:1:5 not valid YAML: unknown \\ escape: use single quotes, or write \\\\ for a backslash'],
  ['a: { b: 1, b: 2 }', 'g:1:12 a.b: this key is already given above'],
  ['a: [x, "${env:9}"]', 'g:1:8 a[1]: ${env:…} needs the name of an environment variable: letters, digits and _'],
  ['a: "${file:}"', 'g:1:4 a: ${file:…} needs the name of a file'],
  ['a: "${hunter2}"', 'g:1:4 a: unknown reference: write ${env:NAME} or ${file:NAME}; for a literal ${ write $${'],
  ['a: "x${env:X"', 'g:1:4 a: a reference begins with ${ but has no closing }; for a literal ${ write $${'],
])('%j', (text, message) => {
  expect(syntax(text)).toEqual([message])
})

test('an empty file is an empty mapping', () => {
  for (const text of ['', '# nothing\n', '---\n', '\uFEFF']) {
    const doc = parseDocument(text, 'g')
    expect(doc.value).toEqual({})
    expect(doc.issues).toEqual([])
    expect(doc.place([])).toMatchObject({ file: 'g', line: 1, col: 1 })
  }
})

test('places are those of values, of keys, or of what is nearest', () => {
  const doc = parseDocument('a:\n  - { name: x, n:  5 }\n  - &b\n    deep: [1,\n      2]\nc: *b\nd:\n', 'g')
  const at = ({ line, col }: { line: number; col: number }) => `${line}:${col}`
  expect(at(doc.place(['a', 0, 'n']))).toBe('2:20')
  expect(at(doc.keyPlace(['a', 0, 'n']))).toBe('2:16')
  expect(at(doc.place(['a', 0, 'absent', 3]))).toBe('2:5')
  expect(at(doc.place(['a', 1, 'deep', 1]))).toBe('5:7')
  expect(at(doc.place(['c', 'deep', 1]))).toBe('5:7')
  expect(at(doc.place(['d']))).toBe('7:1')
  expect(at(doc.place(['nowhere']))).toBe('1:1')
})

test('a message about a secret never repeats it', () => {
  const doc = parseDocument('password: hunter2\nname: hunter2\n', 'g')
  doc.error(['password'], 'hunter2 is bad')
  doc.error(['name'], 'hunter2 is bad')
  expect(doc.issues.map(formatIssue)).toEqual(['g:1:11 password: <secret> is bad', 'g:2:7 name: hunter2 is bad'])
})

test('the same problem is told once, a warning as such', () => {
  const doc = parseDocument('a: 1\n', 'g')
  doc.error(['a'], 'bad')
  doc.error(['a'], 'bad')
  doc.warn([], 'odd')
  expect(doc.issues.map(formatIssue)).toEqual(['g:1:4 a: bad', 'g:1:1 warning: odd'])
})

test('paths', () => {
  expect(formatPath(['devices', 3, 'checks', 0, 'interval'])).toBe('devices[3].checks[0].interval')
  expect(formatPath(['a', '烟感 1', 'x'])).toBe('a["烟感 1"].x')
  expect(formatPath([])).toBe('')
})
