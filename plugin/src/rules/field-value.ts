// RFC 9110 §5.5: what a field value may hold; CR, LF and NUL would split the message.
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
// §5.6.2: a token.
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** Whether it can be sent as the value of a header field. */
export function isFieldValue(value: unknown): value is string {
  return typeof value === 'string' && FIELD_VALUE.test(value)
}

/** Whether it can be the name of a header field. */
export function isFieldName(name: string): boolean {
  return FIELD_NAME.test(name)
}

/** Whether a Content-Type can be made of it; a multipart answer repeats it in the head of each part. */
export function isMediaType(value: unknown): value is string {
  return isFieldValue(value) && value !== ''
}
