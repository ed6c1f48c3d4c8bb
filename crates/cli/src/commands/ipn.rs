//! `duka ipn`: Pesapal's notification addresses.

use duka_pesapal::{IpnMethod, RegisteredIpn};
use serde::Serialize;

use crate::accounts;
use crate::args::{IpnCommand, IpnMethodArg};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::gateways::GatewayKind;
use crate::output::plain;

#[derive(Debug, Serialize)]
struct IpnView {
    ipn_id: String,
    url: String,
    method: Option<&'static str>,
    status: Option<String>,
}

impl From<RegisteredIpn> for IpnView {
    fn from(ipn: RegisteredIpn) -> Self {
        Self {
            method: ipn.method.map(|method| match method {
                IpnMethod::Get => "get",
                IpnMethod::Post => "post",
            }),
            ipn_id: ipn.id,
            url: ipn.url,
            status: ipn.status,
        }
    }
}

pub(crate) async fn run(command: IpnCommand, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let total = match &command {
        IpnCommand::Register { bound, .. } | IpnCommand::List(bound) => bound.give_up_after,
    };
    let bound = context.bound(&config, total);
    let account = context.only_account(&config, Some(GatewayKind::Pesapal))?;
    let caller = context.caller(&config)?;
    let pesapal = accounts::pesapal(&account, &config.accounts[&account], &caller)?;
    match command {
        IpnCommand::Register { url, method, .. } => {
            let method = match method {
                IpnMethodArg::Get => IpnMethod::Get,
                IpnMethodArg::Post => IpnMethod::Post,
            };
            bound.begin("register the address").await?;
            let registered = bound
                .within(pesapal.register_ipn(&url, method))
                .await
                .map_err(|end| {
                    Failure::unknown(format!(
                        "failed to register the address: {end}; whether it was registered is not known, see `duka ipn list`"
                    ))
                })?
                .map_err(|error| Failure::mutation("register the address", &error))?;
            let view = IpnView::from(registered);
            if context.output.is_json() {
                context.output.json(&view)?;
            } else {
                context.output.line(&plain(&view.ipn_id))?;
                context.output.print_note(&format!(
                    "give it to `duka create` as --notification-id, or to account {account} as ipn_id"
                ));
            }
        }
        IpnCommand::List(_) => {
            let what = "list the addresses";
            let list = bound
                .read(what, async {
                    let list = pesapal.list_ipns().await;
                    list.map_err(|error| Failure::read(what, &error))
                })
                .await?;
            let views: Vec<_> = list.into_iter().map(IpnView::from).collect();
            if context.output.is_json() {
                context.output.json(&views)?;
            } else {
                let rows = views.into_iter().map(|view| {
                    let method = view.method.unwrap_or("?").to_owned();
                    vec![
                        plain(&view.ipn_id),
                        method,
                        plain(&view.status.unwrap_or_default()),
                        plain(&view.url),
                    ]
                });
                let header = ["ID", "METHOD", "STATUS", "URL"];
                context.output.table(&header, rows.collect())?;
            }
        }
    }
    Ok(Exit::Done)
}
