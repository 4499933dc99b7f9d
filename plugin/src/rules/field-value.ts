// RFC 9110 §5.5: the characters of a field value. CR, LF and NUL would split the message.
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
// §5.6.2: a token.
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** Whether a value can be sent as the value of a header field. */
export function isFieldValue(value: unknown): value is string {
  return typeof value === 'string' && FIELD_VALUE.test(value)
}

/** Whether a text can be the name of a header field. */
export function isFieldName(name: string): boolean {
  return FIELD_NAME.test(name)
}

/** Whether a value can be a Content-Type. A multipart answer repeats it in the head of each part. */
export function isMediaType(value: unknown): value is string {
  return isFieldValue(value) && value !== ''
}
