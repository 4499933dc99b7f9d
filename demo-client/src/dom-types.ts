declare global {
  /** structured-headers' types name this DOM type, which Node's own types do not declare. */
  type BufferSource = NodeJS.ArrayBufferView | ArrayBuffer
}

export {}
