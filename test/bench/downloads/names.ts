/** The names of the files, beside the large one. */
export const CAPPED_NAME = 'capped.bin'
export const FOUR_NAME = 'four.bin'
/** A list with the URLs of small files. */
export const LIST_NAME = 'list.txt'
/** The same as a file of options for curl. */
export const CURL_LIST_NAME = 'list.curl'
export const SMALL_FOLDER = 'small'
export const SMALL_FILES = 200
export const SMALL_BYTES = 64 * 1024
export const CAPPED_BYTES = 128 * 1024 ** 2
