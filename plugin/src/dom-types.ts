declare global {
  /** The types of structured-headers use this DOM type, which Node's types do not declare. */
  type BufferSource = NodeJS.ArrayBufferView | ArrayBuffer
}

export {}
