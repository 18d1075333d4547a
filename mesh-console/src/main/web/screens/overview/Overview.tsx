// What a person sees first: where the API is, and what to do next.

import { useWorld } from '../../feed/store'
import { CopyLine } from '../../parts/Copy'
import { Card, Page } from '../../parts/Page'

export default function Overview() {
  const self = useWorld(world => world.self)
  return (
    <Page title="Overview">
      <Card title="Your API">
        {self?.apiUrl ? <CopyLine text={`${self.apiUrl}/v1`} what="the API's address" /> : <p class="unknown">unknown</p>}
      </Card>
    </Page>
  )
}
