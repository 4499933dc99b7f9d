import { acceptedCodings, type Coding, type CodingRequest } from '../rules/accept-encoding.ts'
import { mayNameVersion, namesVersion } from '../rules/named-version.ts'
import type { Negotiation } from '../sources/negotiation.ts'
import { type DescriptionContext, describeFile } from './described-file.ts'
import type { FileRepresentation } from './file-representation.ts'
import type { OpenFile } from './open-file.ts'
import { findVariants, openVariant } from './variants.ts'

/** Opens one form of a file: a variant, or the file itself. Undefined if it cannot be used now. */
type OpenForm = (coding: Coding) => Promise<FileRepresentation | undefined>

/**
 * Opens a variant of a file, or the file as one of its forms. The result takes the place of the open file, which is
 * released if it is not the result.
 *
 * @returns undefined if the file has no variants: then it is as if they were not looked for
 */
export async function openForm(
  file: OpenFile,
  context: DescriptionContext,
  { request, noteChoice }: Negotiation,
): Promise<FileRepresentation | undefined> {
  const { path, policy, store } = context
  const variants = await findVariants(file, path, policy)
  if (variants.length === 0) return undefined
  noteChoice()
  const open: OpenForm = async (coding) => {
    const variant = variants.find((each) => each.coding === coding)
    const form = variant === undefined ? retained(file) : await openVariant(file, variant, store)
    return form && describeForm(form, context, coding)
  }
  const accepted = acceptedCodings(
    request.acceptEncoding,
    variants.map(({ coding }) => coding),
  )
  const chosen = await chooseForm(accepted, request, open)
  if (chosen !== undefined) file.release()
  return chosen
}

/**
 * Chooses between a file and its variants.
 *
 * A request that names a version, in If-Range or If-Match, gets the form that has it, if the client accepts its coding:
 * a download continues with the bytes that it began with, also if a better variant has appeared. Every other request
 * gets the best that it accepts. A Range alone changes nothing. RFC 9110 §14.2: it asks for ranges of "the selected
 * representation", which is the one that the same request without it would get.
 *
 * If nothing is acceptable, the answer is the file itself. §12.4.1: "the origin server can either honor the header
 * field by sending a 406 (Not Acceptable) response or disregard the header field by treating the response as if it is
 * not subject to content negotiation". Every client can read the file, and none has a use for a 406.
 */
async function chooseForm(
  accepted: readonly Coding[],
  request: CodingRequest,
  open: OpenForm,
): Promise<FileRepresentation | undefined> {
  if (mayNameVersion(request)) {
    const named = await firstOfForms(accepted, open, ({ etag }) => namesVersion(request, etag))
    if (named !== undefined) return named
  }
  return (await firstOfForms(accepted, open, () => true)) ?? open('identity')
}

async function firstOfForms(
  codings: readonly Coding[],
  open: OpenForm,
  isWanted: (form: FileRepresentation) => boolean,
): Promise<FileRepresentation | undefined> {
  for (const coding of codings) {
    const form = await open(coding)
    if (form === undefined) continue
    if (isWanted(form)) return form
    form.close()
  }
  return undefined
}

/** The file has a user, so it is open. */
function retained(file: OpenFile): OpenFile {
  file.retain()
  return file
}

/** Describes a form, or releases it. */
async function describeForm(
  form: OpenFile,
  context: DescriptionContext,
  coding: Coding,
): Promise<FileRepresentation | undefined> {
  try {
    const described = await describeFile(form, context, coding)
    // A variant that grows while it is hashed is still being written.
    const isUnfinished =
      coding !== 'identity' && context.policy.etag === 'content' && described.etag === undefined
    if (!isUnfinished) return described
  } catch (error) {
    form.release()
    throw error
  }
  form.release()
  return undefined
}
