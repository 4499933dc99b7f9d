import { text } from './texts.js'

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

/** Whether an error means that no answer came, or only a part of it. `fetch` and its body fail with a TypeError. */
export function isConnectionLost(error) {
  return error instanceof TypeError
}

/**
 * What to say when a connection is lost. The page tries again also while the browser says that it is offline: a server
 * on this machine can be reached without a network.
 *
 * @param {string} position where the download stands
 * @param {number} wait in ms
 */
export function lostText(position, wait) {
  const values = { position, seconds: wait / 1000 }
  return navigator.onLine ? text('lost', values) : text('lost.offline', values)
}

/** A header field that cannot be sent. Its message is the name of the field. */
export class FieldError extends Error {}

/** What to say when a request has failed that a visitor has sent. */
export function sendFailureText(error) {
  if (error instanceof FieldError) return text('try.bad-field', { name: error.message })
  if (!isConnectionLost(error)) return text('try.not-shown', { reason: error.message })
  return navigator.onLine ? text('try.lost') : text('try.offline')
}

/** What ends a download for a while, by the names of errors: what has happened, and what to do. */
const STOP_REASONS = {
  QuotaExceededError: text('stop.full'),
  NoModificationAllowedError: text('stop.busy'),
  NotAllowedError: text('stop.forbidden'),
  NotFoundError: text('stop.gone'),
  // Of the dialog that asks for a file.
  AbortError: text('stop.not-chosen'),
  // In a private window of some browsers.
  SecurityError: text('stop.no-storage'),
}

/** Why a download has stopped, or a button did not do what it is for. */
export function stopReason(error) {
  if (isConnectionLost(error)) return text('stop.lost')
  return STOP_REASONS[error.name] ?? (error.message || error.name)
}
