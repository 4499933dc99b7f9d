// HTTP statuses as people read them. Pure.
import { STATUS_CODES } from 'node:http'

/** A status with its name: `404 Not Found`. One without a name stays a number: `599`. */
export function statusName(status: number): string {
  const name = STATUS_CODES[status]
  return name === undefined ? String(status) : `${status} ${name}`
}
