/** Something that others wait for. */
export interface Gate {
  readonly passed: Promise<void>
  readonly open: () => void
}

/** Makes one that is closed. */
export function gate(): Gate {
  let open = (): void => undefined
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { passed, open }
}
