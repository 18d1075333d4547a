// Not in the list of screens yet.

import { Page } from '../../parts/Page'

export default function Connect() {
  return <Page title="Connect">{null}</Page>
}
