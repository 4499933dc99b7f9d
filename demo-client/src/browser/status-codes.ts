/** In place of the names of statuses that node:http has: for a page, a status stays a number. The build puts it there. */
export const STATUS_CODES: Readonly<Record<number, string>> = {}
