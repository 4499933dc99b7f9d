/** A request as it is sent, as far as the page can know. */
export function requestText(method, path, fields) {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`)
  return [`${method} ${path} HTTP/1.1`, `Host: ${location.host}`, ...lines].join('\n')
}

/** Fields that do not describe the content. */
const NOISE = new Set(['connection', 'keep-alive', 'date'])

/** The fields of an answer that describe its content. */
export function contentFields(response) {
  return [...response.headers].filter(([name]) => !NOISE.has(name))
}

/** The status line and those fields. */
export function answerText(response) {
  const lines = contentFields(response).map(([name, value]) => `${name}: ${value}`)
  return [`HTTP/1.1 ${response.status} ${response.statusText}`, ...lines].join('\n')
}
