// Mercur 2.1.5 asks at every call of /vendor/payments which sellers a payment belongs to, by a link that it does not
// define: every such call answers 500. This is the link; the subscriber beside it fills it.
const { defineLink } = require("@medusajs/framework/utils")
const payment = require("@medusajs/medusa/payment").default.linkable.payment
const seller = require("@mercurjs/core/modules/seller").default.linkable.seller

module.exports = {
  __esModule: true,
  default: defineLink({ linkable: seller, isList: true }, { linkable: payment, isList: true }),
}
