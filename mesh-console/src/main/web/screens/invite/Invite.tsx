// Not in the list of screens yet.

import { Page } from '../../parts/Page'

export default function Invite() {
  return <Page title="Invite">{null}</Page>
}
