// A name that somebody else chose: isolated from the text around it, its odd characters shown, its length bounded.

import { clean } from '../format'

export function Name({ children, charsMax = 64 }: { children: string | undefined; charsMax?: number }) {
  if (!children) return <span class="unknown">unknown</span>
  const shown = clean(children, charsMax)
  return <bdi title={shown === children ? undefined : clean(children, 400)}>{shown}</bdi>
}
