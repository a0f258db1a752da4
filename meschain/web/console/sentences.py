"""What other rooms say and the console shows, marked for the catalogue: `say` finds a text by the whole of it.

Only fixed sentences can be here; one with a name or a number in it is shown as the room says it. A test compares both.
"""

from meschain.web.console.language import N_

ERRORS = (
    N_(
        "the e-mail address, the password or the code is wrong, or there were too many attempts; after several "
        "failures in a row, wait up to 15 minutes before you try again"
    ),
    N_("too many people log in at the same moment; try again in a few seconds"),
    N_("you belong to no tenant any more"),
    N_("this session has ended; log in again"),
    N_("this form was not sent from a page of this console, or that page is too old; load it again and repeat"),
    N_("this link is not valid (any more): it was used, withdrawn or is too old; ask for a new one"),
    N_("this person is known here already; log in, and ask to be invited by that address"),
    N_("this person has joined meanwhile; open the link again"),
    N_("you are a member already; log in"),
    N_("a name of 1 to 200 characters is expected"),
    N_(
        "the present password is not right, or there were too many attempts; after several failures in a row, wait up "
        "to 15 minutes before you try again"
    ),
    N_("the code is not right; see that the clock of your device is, and type the next one"),
    N_("there is a second factor already; remove it before you set up another one"),
    N_("there is no second factor that waits to be confirmed; begin anew"),
    N_("there is no second factor that recovery codes could stand in for"),
    N_("the tenant would have no owner left; make somebody else owner first"),
    N_("Something unforeseen happened. It is written down; tell the operator the id of this request."),
    N_("The store is busy or away; try again in a few seconds."),
)
"""Why something cannot be done: at the login, in forms, on the page of an error."""

RIGHTS = (
    N_("Everything, and making others owners."),
    N_("Everything except erasing persons and making owners."),
    N_("Suppliers, their feeds, channels, prices, runs and flows."),
    N_("Reads the catalog, suppliers, channels, prices, flows and reports; changes nothing."),
    N_("Reads the catalog and suppliers; changes nothing."),
    N_("see users, roles, grants and invitations"),
    N_("invite and remove users, change roles and what people may do"),
    N_("see API keys and when they were last used"),
    N_("make and revoke API keys"),
    N_("take a copy of the audit log"),
    N_("search the audit log and see its proofs"),
    N_("approve, reject and roll back runs"),
    N_("see offers, their history, runs and the quarantine"),
    N_("try quarantined rows again"),
    N_("fetch and import a supplier's feed"),
    N_("see sales channels"),
    N_("add and change sales channels"),
    N_("stop a running flow"),
    N_("see flow runs and their logs"),
    N_("start a flow"),
    N_("erase a person for good"),
    N_("see and hand out what is known of a person"),
    N_("approve price rules, prices below the floor and unusual rates"),
    N_("see margins, prices, their rules, fees and rates"),
    N_("fetch rates, compute margins, prices and what-ifs"),
    N_("change fees, tariffs and drafts of price rules"),
    N_("change how a supplier's feed is read"),
    N_("see reports"),
    N_("see the tenant's settings"),
    N_("change the tenant's settings"),
    N_("see suppliers and how they are reached"),
    N_("try the connection to a supplier"),
    N_("add, change and remove suppliers"),
    N_("tidy up the warehouse and let old data go"),
)
"""What the built-in roles are for, and what each permission is."""

SHORTCOMINGS = (N_("the offer has no currency; expected one in the supplier's feed"),)
"""Why an offer has no margin, as the warehouse says it."""

SOURCES = (
    N_("general rate of KDV before 10 July 2023"),
    N_("general rate of KDV, Presidential Decree 7346"),
    N_("a middling rate; the marketplace's settlement says yours"),
    N_("marketplaces take it of the price with KDV"),
    N_("the commission deducted has KDV within"),
    N_("refunded when the buyer sends the item back"),
    N_("no service fee for each order then"),
    N_("platform service fee of an order, standard delivery"),
    N_("kept when the buyer sends the item back"),
    N_("marketplace tariff of 20 May 2024, one parcel up to 2 desi"),
    N_("a domestic sale"),
    N_("no packaging or advertisement"),
    N_("money costs nothing while it is waited for"),
    N_("paid at once"),
    N_("no withholding on electronic commerce before 2025"),
    N_("stopaj of the price without KDV, Presidential Decree 9284"),
    N_("KDV paid is taken off KDV collected"),
    N_("no returns"),
    N_("what comes back can be sold again"),
    N_("no carrier chosen: every parcel costs the same"),
    N_("marketplaces bill the seller"),
    N_("the smallest parcel that is billed"),
    N_("suppliers' prices have KDV within unless the feed says otherwise"),
    N_("Türkiye's central bank"),
    N_("what a bank asks for the currency that a supplier is paid in"),
    N_("more in a day is rare, and a look is cheap"),
)
"""Where the values of the shipped reference come from."""
