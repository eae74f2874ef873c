// Each payment of an order that was placed belongs to the order's seller. One payment may belong to several.
const { ContainerRegistrationKeys, Modules } = require("@medusajs/framework/utils")
const { MercurModules } = require("@mercurjs/types")

async function linkPayments({ event, container }) {
  const { data: orders } = await container.resolve(ContainerRegistrationKeys.QUERY).graph({
    entity: "order",
    fields: ["seller.id", "payment_collections.payments.id"],
    filters: { id: event.data.id },
  })
  const links = []
  for (const order of orders) {
    for (const collection of order.payment_collections ?? []) {
      for (const payment of collection?.payments ?? []) {
        if (order.seller) {
          links.push({
            [MercurModules.SELLER]: { seller_id: order.seller.id },
            [Modules.PAYMENT]: { payment_id: payment.id },
          })
        }
      }
    }
  }
  if (links.length) {
    await container.resolve(ContainerRegistrationKeys.LINK).create(links)
  }
}

module.exports = {
  __esModule: true,
  default: linkPayments,
  config: { event: "order.placed", context: { subscriberId: "payment-seller" } },
}
