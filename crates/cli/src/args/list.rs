//! How a list of orders is read, on the command line.

/// How the list is written. What is said here counts before what `[import.NAME]` says.
#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// Which program wrote the list: duka, woocommerce, shopify, or the NAME of an [import.NAME]
    /// in duka.toml [default: duka]
    #[arg(long, value_name = "FORMAT", requires = "orders")]
    pub(crate) format: Option<String>,
    /// What columns are called, such as order="Order Number",created_at=Date; nothing behind the
    /// sign says that the list has no such column
    #[arg(
        long,
        value_name = "FIELD=COLUMN,…",
        value_delimiter = ',',
        requires = "orders"
    )]
    pub(crate) map: Vec<String>,
    /// What separates the cells of CSV: one character, or the word tab [default: found from the
    /// header, of comma, semicolon and tab]
    #[arg(long, value_name = "C", requires = "orders")]
    pub(crate) delimiter: Option<String>,
    /// The zone of times in the list that name none, such as Asia/Kolkata
    #[arg(long, value_name = "ZONE", requires = "orders")]
    pub(crate) time_zone: Option<String>,
    /// Read 1599,00 as 1599.00
    #[arg(long, requires = "orders", conflicts_with = "thousands_comma")]
    pub(crate) decimal_comma: bool,
    /// Read 1,599.00 as 1599.00
    #[arg(long, requires = "orders")]
    pub(crate) thousands_comma: bool,
    /// Take the good rows of the list, and name the bad ones
    #[arg(long, requires = "orders")]
    pub(crate) skip_bad: bool,
}
