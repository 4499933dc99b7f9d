// The kind of verdict for each request and answer: a table for all who judge answers.
import type { Asked } from '#client/rules/verdict.js'

/** A request, the answer to it, and the kind of the verdict. */
export interface VerdictRow {
  name: string
  asked: Asked
  status: number
  /** The header lines: name, value, name, value, … */
  lines: readonly string[]
  kind: string
}

const FIRST: Asked = { range: { start: 0, end: 100 }, validators: null, htmlExpected: false }
const OPEN: Asked = { range: { start: 50, end: null }, validators: null, htmlExpected: false }
const WHOLE: Asked = { range: null, validators: null, htmlExpected: false }
const HELD: Asked = {
  range: { start: 50, end: 100 },
  validators: { total: 1000, etag: '"a"', lastModified: null, dateIsStrong: false, digests: {} },
  htmlExpected: false,
}

type Fields = Record<string, string>
const PART: Fields = { 'Content-Range': 'bytes 0-99/1000', 'Content-Length': '100', ETag: '"a"' }
const NEXT: Fields = { ...PART, 'Content-Range': 'bytes 50-99/1000', 'Content-Length': '50' }

const BY_FIELDS: (Omit<VerdictRow, 'lines'> & { fields: Fields })[] = [
  { name: 'what was asked', asked: FIRST, status: 206, fields: PART, kind: 'part' },
  { name: 'shorter', asked: FIRST, status: 206, fields: { 'Content-Range': 'bytes 0-9/1000' }, kind: 'part' },
  {
    name: 'longer',
    asked: FIRST,
    status: 206,
    fields: { 'Content-Range': 'bytes 0-100/1000' },
    kind: 'no-range',
  },
  {
    name: 'from a later position',
    asked: FIRST,
    status: 206,
    fields: { 'Content-Range': 'bytes 1-99/1000' },
    kind: 'no-range',
  },
  { name: 'from an earlier position', asked: OPEN, status: 206, fields: PART, kind: 'no-range' },
  {
    name: 'to the end',
    asked: OPEN,
    status: 206,
    fields: { 'Content-Range': 'bytes 50-999/1000' },
    kind: 'part',
  },
  { name: 'no Content-Range', asked: FIRST, status: 206, fields: {}, kind: 'no-range' },
  {
    name: 'last before first',
    asked: OPEN,
    status: 206,
    fields: { 'Content-Range': 'bytes 50-49/1000' },
    kind: 'no-range',
  },
  {
    name: 'last beyond the total',
    asked: FIRST,
    status: 206,
    fields: { 'Content-Range': 'bytes 0-99/99' },
    kind: 'no-range',
  },
  {
    name: 'another unit',
    asked: FIRST,
    status: 206,
    fields: { 'Content-Range': 'pages 0-99/1000' },
    kind: 'no-range',
  },
  {
    name: 'Content-Length unlike Content-Range',
    asked: FIRST,
    status: 206,
    fields: { ...PART, 'Content-Length': '99' },
    kind: 'no-range',
  },
  {
    name: 'multipart',
    asked: FIRST,
    status: 206,
    fields: { ...PART, 'Content-Type': 'multipart/byteranges; boundary=x' },
    kind: 'no-range',
  },
  { name: '206 unasked', asked: WHOLE, status: 206, fields: PART, kind: 'invalid' },
  { name: 'the same version', asked: HELD, status: 206, fields: NEXT, kind: 'part' },
  { name: 'another tag', asked: HELD, status: 206, fields: { ...NEXT, ETag: '"b"' }, kind: 'changed' },
  {
    name: 'the same tag, weak',
    asked: HELD,
    status: 206,
    fields: { ...NEXT, ETag: 'W/"a"' },
    kind: 'changed',
  },
  {
    name: 'no tag any more',
    asked: HELD,
    status: 206,
    fields: { 'Content-Range': 'bytes 50-99/1000' },
    kind: 'changed',
  },
  {
    name: 'another total',
    asked: HELD,
    status: 206,
    fields: { ...NEXT, 'Content-Range': 'bytes 50-99/1001' },
    kind: 'changed',
  },
  {
    name: 'the whole of the same version',
    asked: HELD,
    status: 200,
    fields: { ETag: '"a"', 'Content-Length': '1000' },
    kind: 'whole',
  },
  {
    name: 'the whole of another version',
    asked: HELD,
    status: 200,
    fields: { ETag: '"b"', 'Content-Length': '1000' },
    kind: 'changed',
  },
  {
    name: 'the whole, another length',
    asked: HELD,
    status: 200,
    fields: { ETag: '"a"', 'Content-Length': '9' },
    kind: 'changed',
  },
  { name: 'a part with status 200', asked: FIRST, status: 200, fields: PART, kind: 'no-range' },
  { name: 'a part with status 203', asked: FIRST, status: 203, fields: PART, kind: 'no-range' },
  { name: 'a later part with status 200', asked: HELD, status: 200, fields: NEXT, kind: 'no-range' },
  { name: 'a part with status 200, not asked for', asked: WHOLE, status: 200, fields: PART, kind: 'invalid' },
  {
    name: 'a part with status 200 and no length',
    asked: FIRST,
    status: 200,
    fields: { 'Content-Range': 'bytes 0-99/1000' },
    kind: 'no-range',
  },
  {
    name: 'a part of an unknown size with status 200',
    asked: FIRST,
    status: 200,
    fields: { 'Content-Range': 'bytes 0-99/*', 'Content-Length': '100' },
    kind: 'no-range',
  },
  {
    name: 'the whole with the Content-Range of a part',
    asked: FIRST,
    status: 200,
    fields: { ...PART, 'Content-Length': '1000' },
    kind: 'whole',
  },
  {
    name: 'the whole without a length, with the Content-Range of a part that was not asked for',
    asked: WHOLE,
    status: 200,
    fields: { 'Content-Range': 'bytes 0-99/1000' },
    kind: 'whole',
  },
  ...['bytes 0-99/100', 'bytes 0-99/*'].map((range) => ({
    name: `the whole with ${range}`,
    asked: { ...OPEN, range: { start: 0, end: null } },
    status: 200,
    fields: { 'Content-Range': range, 'Content-Length': '100' },
    kind: 'whole',
  })),
  {
    name: 'the whole of an unknown size, with a Content-Range',
    asked: WHOLE,
    status: 200,
    fields: { 'Content-Range': 'bytes 0-99/*', 'Content-Length': '100' },
    kind: 'whole',
  },
  {
    name: 'the whole with a Content-Range that has only its size',
    asked: FIRST,
    status: 200,
    fields: { 'Content-Range': 'bytes */101', 'Content-Length': '101' },
    kind: 'whole',
  },
  { name: 'the whole without a length', asked: WHOLE, status: 200, fields: {}, kind: 'whole' },
  { name: 'perhaps a part, without a length', asked: FIRST, status: 200, fields: {}, kind: 'no-range' },
  {
    name: 'perhaps a part, of another version',
    asked: HELD,
    status: 200,
    fields: { ETag: '"b"' },
    kind: 'changed',
  },
  {
    name: 'perhaps a part, with the validators of another version that status 203 makes useless',
    asked: HELD,
    status: 203,
    fields: { ETag: '"b"' },
    kind: 'no-range',
  },
  {
    name: 'perhaps a part, as long as that',
    asked: FIRST,
    status: 200,
    fields: { 'Content-Length': '100' },
    kind: 'no-range',
  },
  {
    name: 'one byte less than the size in Content-Range',
    asked: WHOLE,
    status: 200,
    fields: { 'Content-Range': 'bytes 0-99/100', 'Content-Length': '99' },
    kind: 'invalid',
  },
  {
    name: '416 of another total',
    asked: HELD,
    status: 416,
    fields: { 'Content-Range': 'bytes */40' },
    kind: 'changed',
  },
  {
    name: '416 of the same total',
    asked: HELD,
    status: 416,
    fields: { 'Content-Range': 'bytes */1000' },
    kind: 'no-range',
  },
  { name: '416 without a total', asked: HELD, status: 416, fields: {}, kind: 'no-range' },
  { name: '416 to the whole', asked: WHOLE, status: 416, fields: {}, kind: 'invalid' },
  {
    name: 'an HTML page',
    asked: FIRST,
    status: 200,
    fields: { 'Content-Type': 'text/html; charset=utf-8' },
    kind: 'invalid',
  },
  {
    name: 'an envelope of parts with status 200',
    asked: FIRST,
    status: 200,
    fields: { 'Content-Type': 'Multipart/Byteranges; boundary=x' },
    kind: 'invalid',
  },
  {
    name: 'an HTML page, expected',
    asked: { ...WHOLE, htmlExpected: true },
    status: 200,
    fields: { 'Content-Type': 'text/html' },
    kind: 'whole',
  },
  {
    name: 'gzip',
    asked: FIRST,
    status: 206,
    fields: { ...PART, 'Content-Encoding': 'gzip' },
    kind: 'invalid',
  },
  {
    name: 'identity, said',
    asked: FIRST,
    status: 206,
    fields: { ...PART, 'Content-Encoding': 'identity' },
    kind: 'part',
  },
  {
    name: 'another transfer coding',
    asked: FIRST,
    status: 200,
    fields: { 'Transfer-Encoding': 'gzip, chunked' },
    kind: 'invalid',
  },
  ...[204, 205, 304, 300, 299, 100].map((status) => ({
    name: `${status}`,
    asked: FIRST,
    status,
    fields: {},
    kind: 'invalid',
  })),
  ...[429, 503].map((status) => ({ name: `${status}`, asked: FIRST, status, fields: {}, kind: 'refused' })),
  ...[408, 500, 502, 504].map((status) => ({
    name: `${status}`,
    asked: FIRST,
    status,
    fields: {},
    kind: 'temporary',
  })),
  ...[400, 401, 403, 404, 410, 412, 451, 501, 505].map((status) => ({
    name: `${status}`,
    asked: FIRST,
    status,
    fields: {},
    kind: 'http-error',
  })),
]

/** The kinds. */
export const VERDICT_ROWS: readonly VerdictRow[] = BY_FIELDS.map(({ fields, ...row }) => ({
  ...row,
  lines: Object.entries(fields).flat(),
}))
