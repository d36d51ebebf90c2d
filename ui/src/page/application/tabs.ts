import type { RouteParams } from 'vue-router'
import { t } from '@/text'
import type { Tab } from '@/part/Tabs.vue'

/** The pages of an application. */
export function applicationTabs(params: RouteParams): Tab[] {
  return [
    { label: t('nav.instances'), to: { name: 'application', params }, exact: true },
    { label: t('instance.tab.snapshots'), to: { name: 'application-snapshots', params } },
  ]
}
